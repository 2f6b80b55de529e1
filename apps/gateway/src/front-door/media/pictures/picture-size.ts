/** In pixels, as a decoder takes them from the header before it has seen a pixel. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}
