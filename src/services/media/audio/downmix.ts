/**
 * The filter that all outputs of a sound begin with, so that preview, waveform and loudness are of the
 * same samples: more than two channels are mixed down to two. The coefficients add up to 1 at most, so
 * that the mix does not clip; without that, only integer samples would be scaled down.
 */
export function buildDownmixFilter(channels: number): string {
  const mix = channels > 2 ? 'aresample=ochl=stereo:rematrix_maxval=1,' : '';
  return `${mix}aformat=channel_layouts=mono|stereo`;
}
