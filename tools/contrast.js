// Which colours of the page's figures are too faint on what they lie on, [where, …]. Used by tools/check_pages.py.
//
// A figure is drawn over the colour of the page behind it, and its pixels are read along the rows and down the columns.
// - Ink is a run of 2 to THIN pixels of exactly one colour with exactly the same ground at both ends: a stroke, a letter,
//   a tick, a marker lies *on* something. It is two pixels high as well, so that antialiased edges do not count.
// - Ground is the page, or a colour that fills a share of the figure: a bar, a band, the cells of a heat map.
// - Ink that falls short of ENOUGH against its ground and covers a SHARE of the figure fails. On a translucent ground
//   ON_BAND is enough: a line that has 3:1 on the page loses some of it on any band.
// What the rule leaves alone, on purpose: ink that lets the ground through (a grid of alpha 0.2, a cloud of points, a
// band), because whoever draws it so wants it faint; fills, which are wider than THIN; marks on marks, which are no ground.
// In figures with crops (MANY colours; a plot has some hundred) only the page is a ground: a faint shirt is no mistake.
() => {
  const ENOUGH = 3, ON_BAND = 2, THIN = 24, EDGE = 3, SOLID = 255 * 0.9, SHARE = 1 / 8000, GROUND = 0.01, MANY = 5000;
  const luminance = rgb => [16, 8, 0].map(shift => ((rgb >> shift) & 255) / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const hex = rgb => '#' + rgb.toString(16).padStart(6, '0');
  const count = (map, key, n = 1) => map.set(key, (map.get(key) || 0) + n);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== 'transparent' && !/^rgba.*, 0\)$/.test(colour)) return colour;
    }
    return '#fff';
  };
  const compose = (img, colour) => { // the colours that are seen, and how far the figure itself covers the page
    const canvas = Object.assign(document.createElement('canvas'), { width: img.naturalWidth, height: img.naturalHeight });
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    const read = () => pen.getImageData(0, 0, canvas.width, canvas.height).data;
    pen.drawImage(img, 0, 0);
    const alpha = read().filter((_, i) => i % 4 === 3);
    pen.globalCompositeOperation = 'destination-over';
    pen.fillStyle = colour;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const seen = read();
    return { rgb: Int32Array.from(alpha, (_, i) => seen[4 * i] << 16 | seen[4 * i + 1] << 8 | seen[4 * i + 2]), alpha };
  };
  const faint = img => {
    const wide = img.naturalWidth, high = img.naturalHeight, { rgb, alpha } = compose(img, behind(img));
    const ways = [{ lines: high, length: wide, next: wide, step: 1 }, { lines: wide, length: high, next: 1, step: wide }];
    for (const way of ways) { // of each pixel the length of its run; of each run the place of its first pixel
      way.run = new Uint16Array(rgb.length);
      way.starts = Array.from({ length: way.lines }, (_, line) => {
        const starts = [], at = i => line * way.next + i * way.step;
        for (let i = 0, j; i < way.length; i = j) {
          for (j = i + 1; j < way.length && rgb[at(j)] === rgb[at(i)]; j++);
          for (let k = i; k < j; k++) way.run[at(k)] = j - i;
          if (j - i > 1) starts.push(i);
        }
        return starts;
      });
    }
    const [across, down] = ways, fills = new Map(), veils = new Map(), colours = new Set(), inks = new Map();
    for (let i = 0; i < rgb.length; i++) {
      if (across.run[i] > THIN && down.run[i] > THIN) {
        count(fills, rgb[i]);
        if (alpha[i] < SOLID) count(veils, rgb[i]);
      }
      if (alpha[i] === 0) fills.set(rgb[i], Infinity); // the page
      if (alpha[i] >= SOLID) colours.add(rgb[i]);
    }
    const crops = colours.size > MANY;
    const isGround = colour => fills.get(colour) >= (crops ? Infinity : GROUND * rgb.length);
    const needed = ground => fills.get(ground) < Infinity && veils.get(ground) > fills.get(ground) / 2 ? ON_BAND : ENOUGH;
    for (const [way, other] of [[across, down], [down, across]]) {
      const own = new Map();
      way.starts.forEach((starts, line) => starts.forEach((i, k) => {
        const at = n => line * way.next + n * way.step, first = at(i), n = way.run[first], before = starts[k - 1], after = starts[k + 1];
        if (n > THIN || alpha[first] < SOLID || before === undefined || after === undefined) return;
        const ground = rgb[at(before)], gap = i - before - way.run[at(before)];
        if (gap > EDGE || after - i - n > EDGE || ground === rgb[first] || ground !== rgb[at(after)] || !isGround(ground)) return;
        let thick = 0;
        for (let m = i; m < i + n; m++) thick += other.run[at(m)] > 1;
        if (thick && contrast(rgb[first], ground) < needed(ground)) count(own, rgb[first] * 2 ** 24 + ground, thick);
      }));
      for (const [pair, n] of own) inks.set(pair, Math.max(n, inks.get(pair) || 0));
    }
    return [...inks].filter(([, n]) => n >= SHARE * rgb.length).map(([pair, n]) => {
      const ink = Math.floor(pair / 2 ** 24), ground = pair % 2 ** 24, share = (100 * n / rgb.length).toFixed(2);
      return `${hex(ink)} on ${hex(ground)}, ${contrast(ink, ground).toFixed(2)} to 1 on ${share} %: ${img.alt.slice(0, 80)}`;
    });
  };
  return [...document.querySelectorAll('.cell_output img, figure img')].filter(e => e.naturalWidth && e.getClientRects().length).flatMap(faint);
}
