"""The scenario with the client that openapi-python-client generates."""

import json
import os
import time
import uuid

import httpx
from mixdown_client import AuthenticatedClient, Client
from mixdown_client.api.auth import register
from mixdown_client.api.projects import create_project
from mixdown_client.api.tracks import create_track, get_track, list_tracks, update_track
from mixdown_client.models import (
    CreateProject,
    CreateTrack,
    CreateTrackContentType,
    IdempotencyKeyReusedOrValidationFailedProblem,
    ListTracksIncludeItem,
    NotFoundProblem,
    PreconditionFailedProblem,
    ProjectView,
    PutUpload,
    Register,
    TrackView,
    UpdateTrack,
)

GIVEN = json.loads(os.environ["GIVEN"])
song = open(GIVEN["file"], "rb").read()

name = f"python-{uuid.uuid4().hex[:8]}"
account = Register(email=f"{name}@example.com", username=name, password="three blind mice")
signed_in = register.sync(client=Client(GIVEN["api"]), body=account)
client = AuthenticatedClient(GIVEN["api"], token=signed_in.access_token)

project = create_project.sync(client=client, body=CreateProject(name="First light"))
for name in ["One", "Two", "Three"]:
    body = CreateTrack(
        project=project.id,
        name=name,
        file_name="song.wav",
        content_type=CreateTrackContentType.AUDIOWAV,
        size=len(song),
    )
    track = create_track.sync(client=client, body=body)
    assert isinstance(track.upload, PutUpload), track
    if name == "Three":
        sent = httpx.put(track.upload.url, content=song, headers=track.upload.headers.to_dict())
        assert sent.status_code == 200, sent.text

include = [ListTracksIncludeItem.PROJECT, ListTracksIncludeItem.URLS]
page = list_tracks.sync(client=client, limit=2, include=include)
rest = list_tracks.sync(client=client, limit=2, cursor=page.next_cursor)
assert [len(page.data), len(rest.data)] == [2, 1]
first = page.data[0]
assert isinstance(first.project, ProjectView) and first.project.name == "First light", first

ready = first
while ready.status in ("AWAITING_UPLOAD", "PROCESSING"):
    time.sleep(0.3)
    ready = get_track.sync(first.id, client=client)
    assert isinstance(ready, TrackView), ready
assert ready.status == "READY" and round(ready.audio.duration_seconds) == GIVEN["seconds"], ready

etag = get_track.sync_detailed(first.id, client=client).headers["etag"]
change = {"client": client, "body": UpdateTrack(name="Four"), "if_match": etag}
assert update_track.sync(first.id, **change).name == "Four"
assert isinstance(update_track.sync(first.id, **change), PreconditionFailedProblem)

missing = get_track.sync(uuid.UUID(GIVEN["missing"]), client=client)
assert isinstance(missing, NotFoundProblem) and missing.status == 404, missing
invalid = create_project.sync(client=client, body=CreateProject(name=""))
assert isinstance(invalid, IdempotencyKeyReusedOrValidationFailedProblem), invalid
assert invalid.status == 422 and invalid.errors[0].path == "name", invalid
print("openapi-python-client: passed")
