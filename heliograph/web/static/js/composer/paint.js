// Draws a photo through a frame and a filter, on the graphics card: what the server will make of it.
//
// A filter is a table of 33 x 33 x 33 colours. Between them the card interpolates as the server does, in sRGB.

const SIDE = 33;

const VERTICES = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1), 0, 1);
}`;

const PIXELS = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler2D photo;
uniform sampler3D look;
uniform mat3x2 place;   // from the screen to the photo
uniform vec2 middle;    // of what is drawn, in pixels of the canvas
uniform vec2 reach;     // half of the frame, in the same
uniform float strength; // of the filter
uniform float beyond;   // how bright the photo is outside the frame
out vec4 colour;
void main() {
  vec2 way = (gl_FragCoord.xy - middle) * vec2(1, -1);
  vec2 at = place * vec3(way, 1);
  vec4 seen = texture(photo, at, -0.5);
  vec3 plain = seen.rgb + (1. - seen.a); // the bitmap is premultiplied; the server puts photos on white
  vec3 toned = texture(look, plain * (${SIDE - 1}. / ${SIDE}.) + .5 / ${SIDE}.).rgb;
  vec3 done = mix(plain, toned, strength);
  bool framed = all(lessThan(abs(way), reach + .01));
  bool there = all(lessThan(abs(at - .5), vec2(.5001)));
  float light = framed ? 1. : beyond;
  colour = there && light > 0. ? vec4(done * light, 1) : vec4(0);
}`;

/** A painter for this canvas, or null where there is no WebGL 2. */
export function painter(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, alpha: true });
  if (!gl) return null;
  let program, places, photo, none;
  const looks = new Map(); // a table's bytes -> its texture

  function build() {
    program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTICES], [gl.FRAGMENT_SHADER, PIXELS]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return false;
    gl.useProgram(program);
    const names = ["photo", "look", "place", "middle", "reach", "strength", "beyond"];
    places = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]));
    gl.uniform1i(places.photo, 0);
    gl.uniform1i(places.look, 1);
    looks.clear();
    photo = null;
    none = table(new Uint8Array(4), 1);
    return true;
  }

  function table(bytes, side = SIDE) {
    const made = gl.createTexture();
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_3D, made);
    plainly();
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGBA8, side, side, side, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    soft(gl.TEXTURE_3D, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_WRAP_R, gl.CLAMP_TO_EDGE);
    return made;
  }

  function soft(kind, smaller) {
    gl.texParameteri(kind, gl.TEXTURE_MIN_FILTER, smaller);
    gl.texParameteri(kind, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(kind, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(kind, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Bytes as they are: not turned over, not multiplied, not converted (a bitmap is in sRGB already). */
  function plainly() {
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  }

  function show(bitmap) {
    gl.deleteTexture(photo);
    photo = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, photo);
    plainly();
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
    soft(gl.TEXTURE_2D, gl.LINEAR_MIPMAP_LINEAR);
  }

  /** Into `area` (x, y from below, width, height), with the frame `wide` pixels wide in its middle. */
  function draw({ frame, look, strength = 1, area, wide, beyond = 0 }) {
    if (!photo || gl.isContextLost()) return;
    if (look && !looks.has(look)) looks.set(look, table(look));
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_3D, look ? looks.get(look) : none);
    gl.viewport(...area);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(...area);
    gl.uniformMatrix3x2fv(places.place, false, frame.map(frame.width / wide));
    gl.uniform2f(places.middle, area[0] + area[2] / 2, area[1] + area[3] / 2);
    gl.uniform2f(places.reach, wide / 2, wide / frame.ratio / 2);
    gl.uniform1f(places.strength, look ? strength : 0);
    gl.uniform1f(places.beyond, beyond);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  if (!build()) return null;
  return { show, draw, build };
}
