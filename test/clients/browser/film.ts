/** What a browser has made of a film. */
export interface Seen {
  seconds: number;
  width: number;
  /** Frames that it has played. */
  frames: number;
  /** The colours of the four quarters in its middle: red, green, blue. */
  quarters: number[][];
}

/** Looks at a film that plays: what was played so far, and at the frame in its middle. */
export async function lookAtFilm(film: HTMLVideoElement): Promise<Seen> {
  film.pause();
  const frames = film.getVideoPlaybackQuality().totalVideoFrames;
  const sought = new Promise((resolve) => {
    film.addEventListener('seeked', resolve, { once: true });
  });
  film.currentTime = film.duration / 2;
  await sought;
  const { videoWidth: width, videoHeight: height } = film;
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const paint = canvas.getContext('2d') as CanvasRenderingContext2D;
  paint.drawImage(film, 0, 0);
  const quarters = [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => [...paint.getImageData(x * width, y * height, 1, 1).data.slice(0, 3)]),
  );
  return { seconds: film.duration, width, frames, quarters };
}
