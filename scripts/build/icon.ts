/**
 * Draws the product's icon, a tick on a green tile, as an .ico file: nobody else's picture, and no binary in the repository.
 * Putting it into the executable is `windows-brand.ts`'s work.
 */
const SIZES = [16, 24, 32, 48, 64, 128];
const TILE = [0x0b, 0x6e, 0x4f] as const;
const TICK = [0xff, 0xff, 0xff] as const;
/** Of the edge, like all that follows. */
const CORNER = 0.2;
const STROKE = 0.065;
const TICK_POINTS = [
  [0.26, 0.53],
  [0.43, 0.7],
  [0.75, 0.32],
] as const;
/** Each pixel is the mean of so many samples an axis. */
const SAMPLES = 4;

/** An .ico file of 32-bit images with transparency. */
export function drawIcon(): Buffer {
  const images = SIZES.map((size) => bitmap(size));
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2); // an icon
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  images.forEach((image, at) => {
    const entry = 6 + 16 * at;
    header[entry] = header[entry + 1] = SIZES[at] ?? 0;
    header.writeUInt16LE(1, entry + 4); // planes
    header.writeUInt16LE(32, entry + 6); // bits a pixel
    header.writeUInt32LE(image.length, entry + 8);
    header.writeUInt32LE(offset, entry + 12);
    offset += image.length;
  });
  return Buffer.concat([header, ...images]);
}

/** A BITMAPINFOHEADER, the pixels from the lowest row on, and the mask of old, which the alpha channel replaces. */
function bitmap(size: number): Buffer {
  const mask = Math.ceil(size / 32) * 4 * size;
  const image = Buffer.alloc(40 + 4 * size * size + mask);
  image.writeUInt32LE(40, 0);
  image.writeInt32LE(size, 4);
  image.writeInt32LE(2 * size, 8); // pixels and mask
  image.writeUInt16LE(1, 12);
  image.writeUInt16LE(32, 14);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) image.set(pixel(x, y, size), 40 + 4 * ((size - 1 - y) * size + x));
  return image;
}

/** Blue, green, red, alpha. */
function pixel(x: number, y: number, size: number): number[] {
  let tile = 0;
  let tick = 0;
  for (let sample = 0; sample < SAMPLES ** 2; sample++) {
    const u = (x + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
    const v = (y + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
    if (!isTile(u, v)) continue;
    tile++;
    if (isTick(u, v)) tick++;
  }
  if (tile === 0) return [0, 0, 0, 0];
  const [red, green, blue] = TILE.map((dark, at) =>
    Math.round(dark + ((TICK[at] ?? 0) - dark) * (tick / tile)),
  );
  return [blue ?? 0, green ?? 0, red ?? 0, Math.round((255 * tile) / SAMPLES ** 2)];
}

function isTile(u: number, v: number): boolean {
  const beyond = (value: number) => Math.max(CORNER - value, value - (1 - CORNER), 0);
  return Math.hypot(beyond(u), beyond(v)) <= CORNER;
}

function isTick(u: number, v: number): boolean {
  return TICK_POINTS.slice(1).some((to, at) => {
    const [x = 0, y = 0] = TICK_POINTS[at] ?? [];
    const [dx, dy] = [to[0] - x, to[1] - y];
    const along = Math.min(1, Math.max(0, ((u - x) * dx + (v - y) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(u - x - along * dx, v - y - along * dy) <= STROKE;
  });
}
