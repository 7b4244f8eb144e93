/** `2.7 MB` */
export function formatBytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} KB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

/** `3:07` or `1:02:03` */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `3:07.42` */
export function formatDuration(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const rest = String(hundredths % 100).padStart(2, '0');
  return `${formatClock(Math.floor(hundredths / 100))}.${rest}`;
}

/** `85 ms` or `1.2 s` */
export function formatSpan(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
