// A picture (PNG, base64) in sixteen colours: the most frequent ones that differ, every other pixel the nearest of them.
async (encoded) => {
  const blob = await (await fetch(`data:image/png;base64,${encoded}`)).blob();
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const part = (colour, n) => (colour >> (8 * n)) & 255;
  const apart = (one, other) => [0, 1, 2].reduce((sum, n) => sum + (part(one, n) - part(other, n)) ** 2, 0);
  const colours = [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  const palette = [colours[0][0]];
  const gaps = colours.map(([colour]) => apart(colour, palette[0]));
  while (palette.length < Math.min(16, colours.length)) {
    let best = 0;
    for (let n = 1; n < colours.length; n += 1) {
      if (colours[n][1] * gaps[n] > colours[best][1] * gaps[best]) best = n;
    }
    if (!gaps[best]) break;
    palette.push(colours[best][0]);
    for (let n = 0; n < colours.length; n += 1) gaps[n] = Math.min(gaps[n], apart(colours[n][0], colours[best][0]));
  }
  const nearest = new Map();
  for (const [colour] of colours) {
    let best = 0;
    palette.forEach((one, n) => { if (apart(one, colour) < apart(palette[best], colour)) best = n; });
    nearest.set(colour, best);
  }
  const stride = Math.ceil(width / 2);
  let packed = "";
  for (let y = 0; y < height; y += 1) {
    const row = new Uint8Array(stride);
    for (let x = 0; x < width; x += 1) row[x >> 1] |= nearest.get(pixels[y * width + x]) << (x & 1 ? 0 : 4);
    packed += String.fromCharCode(...row);
  }
  const triples = palette.flatMap((colour) => [0, 1, 2].map((n) => part(colour, n)));
  return { width, height, palette: btoa(String.fromCharCode(...triples)), pixels: btoa(packed) };
}
