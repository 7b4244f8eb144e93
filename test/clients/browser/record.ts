/** Records two seconds of an animated canvas, as a page does without a server. */
export async function recordCanvas(canvas: HTMLCanvasElement): Promise<File> {
  const paint = canvas.getContext('2d') as CanvasRenderingContext2D;
  const draw = (time: number) => {
    paint.fillStyle = `hsl(${(time / 20) % 360} 70% 50%)`;
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.fillStyle = '#fff';
    paint.fillRect((time / 5) % canvas.width, 60, 60, 60);
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  return record(canvas.captureStream(30), 'canvas.webm', 'video/webm');
}

/** Records two seconds of the microphone, as this type. */
export async function recordMicrophone(type: string): Promise<File> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  return record(stream, `voice.${type.split('/')[1]}`, type);
}

async function record(stream: MediaStream, name: string, type: string): Promise<File> {
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.start(500);
  setTimeout(() => recorder.stop(), 2_000);
  await stopped;
  return new File(parts, name, { type: recorder.mimeType });
}
