/** What clients may ask of the pictures of an MP4. */
// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface PictureSettings {}
export const pictureKeys = {};
