"""The scenario with the client in Python that openapi-generator generates."""

import json
import os
import time
import uuid

import openapi_client as api
import urllib3
from openapi_client.exceptions import ApiException, NotFoundException, UnprocessableEntityException

GIVEN = json.loads(os.environ["GIVEN"])
song = open(GIVEN["file"], "rb").read()

configuration = api.Configuration(host=GIVEN["api"])
client = api.ApiClient(configuration)
auth, projects, tracks = api.AuthApi(client), api.ProjectsApi(client), api.TracksApi(client)

name = f"generator-{uuid.uuid4().hex[:8]}"
account = api.Register(email=f"{name}@example.com", username=name, password="three blind mice")
configuration.access_token = auth.register(account).access_token

project = projects.create_project(api.CreateProject(name="First light"))
for name in ["One", "Two", "Three"]:
    body = api.CreateTrack(
        project=project.id, name=name, fileName="song.wav", contentType="audio/wav", size=len(song)
    )
    upload = tracks.create_track(body).upload.actual_instance
    assert isinstance(upload, api.PutUpload), upload
    if name == "Three":
        sent = urllib3.request("PUT", upload.url, body=song, headers=upload.headers)
        assert sent.status == 200, sent.data

page = tracks.list_tracks(limit=2, include=["project", "urls"])
rest = tracks.list_tracks(limit=2, cursor=page.next_cursor)
assert [len(page.data), len(rest.data)] == [2, 1]
first = page.data[0]
included = first.project.actual_instance
assert isinstance(included, api.ProjectView) and included.name == "First light", first

ready = first
while ready.status in ("AWAITING_UPLOAD", "PROCESSING"):
    time.sleep(0.3)
    ready = tracks.get_track(first.id)
assert ready.status == "READY" and round(ready.audio.duration_seconds) == GIVEN["seconds"], ready

etag = tracks.get_track_with_http_info(first.id).headers["etag"]
assert tracks.update_track(first.id, api.UpdateTrack(name="Four"), if_match=etag).name == "Four"
try:
    tracks.update_track(first.id, api.UpdateTrack(name="Five"), if_match=etag)
    raise AssertionError("a stale If-Match was accepted")
except ApiException as error:
    assert error.status == 412 and error.data.code == "PRECONDITION_FAILED", error

try:
    tracks.get_track(uuid.UUID(GIVEN["missing"]))
    raise AssertionError("a missing track was found")
except NotFoundException as error:
    assert isinstance(error.data, api.NotFoundProblem) and error.data.status == 404, error
try:
    # The model itself refuses a blank name: it is made without its checks.
    projects.create_project(api.CreateProject.model_construct(name=""))
    raise AssertionError("a blank name was accepted")
except UnprocessableEntityException as error:
    assert error.data.errors[0].path == "name", error
print("openapi-generator: passed")
