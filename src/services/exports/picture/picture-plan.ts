/** What is seen in an MP4. */
export interface PicturePlan {
  fps: number;
}
