/** What a browser makes of a film. */
export interface Played {
  seconds: number;
  width: number;
  /** Frames that were shown within a second of playing. */
  frames: number;
  /** The colours of the four quarters, after seeking: red, green, blue. */
  quarters: number[][];
}

/** Plays a film by its address: its length, a second of it, and the colours of a frame in its middle. */
export async function playFilm(film: HTMLVideoElement, url: string): Promise<Played> {
  film.crossOrigin = 'anonymous'; // else a canvas that it is drawn on may not be read
  film.muted = true;
  film.src = url;
  await happens(film, 'loadeddata');
  await film.play();
  const before = film.getVideoPlaybackQuality().totalVideoFrames;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const frames = film.getVideoPlaybackQuality().totalVideoFrames - before;
  film.pause();
  const sought = happens(film, 'seeked');
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

function happens(film: HTMLVideoElement, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    film.addEventListener(event, resolve, { once: true });
    film.addEventListener('error', () => reject(new Error(film.error?.message)), { once: true });
  });
}
