// Which colours of the page's figures are too faint on what they lie on, [where, …]. Used by tools/check_pages.py.
//
// A figure is drawn over the colour of the page behind it, and its pixels are read row by row and column by column.
// - Ink is a run of 2 to THIN pixels of exactly one colour, with exactly one and the same ground at both ends: a
//   stroke, a letter, a tick, a marker lies *on* something. The pixels of an antialiased edge are skipped.
// - Ground is the page, or a colour with long runs on a share of the figure: a bar, a band, a cell of a heat map.
// - Ink that falls short of CONTRAST on its ground and covers a SHARE of the figure fails.
// What the rule leaves alone, on purpose: ink that lets the ground through (a grid of alpha 0.2, a cloud of points, a
// band), because whoever draws it so wants it faint; a fill, which is wider than THIN, because it need not be told from
// the page by its edge; photographs, whose pixels next to each other differ; one mark on top of another, which is no ground.
({ only = '.cell_output img, figure img' } = {}) => {
  const CONTRAST = 3, THIN = 24, EDGE = 3, SOLID = 0.9, SHARE = 1 / 8000, GROUND = 0.01;
  const luminance = rgb => [16, 8, 0].map(shift => ((rgb >> shift) & 255) / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const hex = rgb => '#' + rgb.toString(16).padStart(6, '0');
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== 'transparent' && !/, 0\)$/.test(colour)) return colour;
    }
    return '#fff';
  };
  const pixels = (img, colour) => { // the composed colours, and which of them the picture covers solidly
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    const read = () => pen.getImageData(0, 0, canvas.width, canvas.height).data;
    pen.drawImage(img, 0, 0);
    const own = read();
    pen.globalCompositeOperation = 'destination-over';
    pen.fillStyle = colour;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const seen = read(), rgb = new Int32Array(seen.length / 4), solid = new Uint8Array(rgb.length);
    for (let i = 0; i < rgb.length; i++) {
      rgb[i] = seen[4 * i] << 16 | seen[4 * i + 1] << 8 | seen[4 * i + 2];
      solid[i] = own[4 * i + 3] >= 255 * SOLID;
    }
    const page = own.findIndex((v, i) => i % 4 === 3 && v === 0);
    return { rgb, solid, page: page < 0 ? -1 : rgb[(page - 3) / 4], wide: canvas.width, high: canvas.height };
  };
  const runs = ({ rgb, wide, high }, down) => { // of two pixels or more: [first, length], in lines, and the step in one
    const [lines, length, next, step] = down ? [wide, high, 1, wide] : [high, wide, wide, 1];
    const found = Array.from({ length: lines }, (_, line) => {
      const own = [];
      for (let i = 0; i < length;) {
        let j = i + 1;
        while (j < length && rgb[line * next + j * step] === rgb[line * next + i * step]) j++;
        if (j - i > 1) own.push([i, j - i]);
        i = j;
      }
      return own;
    });
    return { found, at: (line, i) => line * next + i * step };
  };
  const faint = img => {
    const picture = pixels(img, behind(img)), { rgb, solid } = picture, area = rgb.length, both = [runs(picture, false), runs(picture, true)];
    const long = new Map();
    for (const run of both[0].found.flatMap((own, line) => own.map(([i, n]) => [both[0].at(line, i), n])))
      if (run[1] > THIN) long.set(rgb[run[0]], (long.get(rgb[run[0]]) || 0) + run[1]);
    const grounds = new Set([...long].filter(([, n]) => n >= GROUND * area).map(([colour]) => colour));
    if (picture.page >= 0) grounds.add(picture.page);
    const inks = new Map();
    for (const { found, at } of both) {
      const own = new Map();
      found.forEach((line, y) => line.forEach(([i, n], k) => {
        const ink = rgb[at(y, i)], [before, after] = [line[k - 1], line[k + 1]];
        if (n > THIN || !solid[at(y, i)] || !before || !after || before[0] + before[1] + EDGE < i || i + n + EDGE < after[0]) return;
        const ground = rgb[at(y, before[0])];
        if (ground === ink || ground !== rgb[at(y, after[0])] || !grounds.has(ground) || contrast(ink, ground) >= CONTRAST) return;
        const pair = ink * 2 ** 24 + ground;
        own.set(pair, (own.get(pair) || 0) + n);
      }));
      for (const [pair, n] of own) inks.set(pair, Math.max(n, inks.get(pair) || 0));
    }
    return [...inks].filter(([, n]) => n >= SHARE * area).sort((a, b) => b[1] - a[1]).map(([pair, n]) => {
      const ink = Math.floor(pair / 2 ** 24), ground = pair % 2 ** 24;
      return `${hex(ink)} on ${hex(ground)} is ${contrast(ink, ground).toFixed(2)} to 1, on ${(100 * n / area).toFixed(2)} %: ${img.alt.slice(0, 80)}`;
    });
  };
  return [...document.querySelectorAll(only)].filter(e => e.naturalWidth && e.getClientRects().length).flatMap(faint);
}
