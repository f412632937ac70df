// A chosen file as pixels for the screen: upright, in sRGB, at most SIDE long. The file itself travels untouched.

const SIDE = 2048;

/** { bitmap, width, height } with the photo's true size; null when this browser cannot read it. */
export async function decode(file) {
  const address = URL.createObjectURL(file);
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    return { bitmap: await smaller(file, image, width, height), width, height };
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function smaller(file, image, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const size = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const how = { imageOrientation: "from-image", resizeWidth: size[0], resizeHeight: size[1], resizeQuality: "high" };
  const bitmap = await createImageBitmap(file, how).catch(() => null);
  if (bitmap?.width === size[0] && bitmap.height === size[1]) return bitmap;
  // A browser that knows no such options: its canvas turns and converts as well, a little less sharply.
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  canvas.getContext("2d").drawImage(image, 0, 0, ...size);
  return createImageBitmap(canvas);
}
