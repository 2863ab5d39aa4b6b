// What a reader would trip over on the page that is open: {what: [where, …]}. Used by tools/check_pages.py.
() => {
  const main = document.querySelector('main') || document.body;
  const shown = element => element.getClientRects().length > 0;
  const short = text => text.replace(/\s+/g, ' ').trim().slice(0, 120);
  const all = (selector, keep, describe) => [...main.querySelectorAll(selector)].filter(keep).map(e => short(describe(e)));
  const ownText = element => [...element.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => n.data).join('');
  const scrolls = element => {
    for (let e = element; e && e !== document.body; e = e.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX)) return true;
    return false;
  };
  const tooWide = element => shown(element) && element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element);
  const overflow = document.documentElement.scrollWidth > innerWidth + 1;
  // Where the page is wide, nothing may have to be scrolled sideways; a screen reader's copy of a formula is not seen.
  const cut = e => innerWidth >= 1200 && shown(e) && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1
    && !e.closest('mjx-assistive-mml') && /auto|scroll|hidden|clip/.test(getComputedStyle(e).overflowX);
  // A figure's smallest text, 8.75 points at 110 dots an inch, as far as the page shrinks it (rbcl_lite/plots/style.py).
  const text = e => 13.4 * e.getBoundingClientRect().width / parseFloat(e.style.width);
  return {
    'maths not typeset': all('.math', e => !e.querySelector('mjx-container'), e => e.textContent),
    'maths with an error': all('mjx-merror, [data-mjx-error]', () => true, e => e.textContent),
    'raw maths in the text': all('p, li, td', e => !e.closest('pre, code') && /\\\(|\\\[|\$\$/.test(ownText(e)), e => e.textContent),
    'raw markup in the text': all('p, li, td', e => !e.closest('pre, code') && /\{\{|\}\}|\{[a-z:]+\}$/.test(ownText(e)), ownText),
    'broken image': all('img', e => e.complete && !e.naturalWidth, e => e.src),
    'image without a description': all('img', e => shown(e) && !e.alt.trim() && e.getAttribute('role') !== 'presentation', e => e.src),
    'wider than the page': overflow ? [`${document.documentElement.scrollWidth} px`, ...all('*', tooWide, e => e.outerHTML).slice(0, 4)] : [],
    'cut, scrolls sideways': all('pre, .cell_output, .output, .pst-scrollable-table-container, mjx-container[display="true"]', cut, e => `${e.scrollWidth} px in ${e.clientWidth} px: ${e.textContent}`),
    'text of a figure below 9 px': all('.cell_output img', e => shown(e) && text(e) < 9, e => `${text(e).toFixed(1)} px: ${e.alt}`),
    'empty heading': all('h1, h2, h3', e => shown(e) && !e.textContent.replace('#', '').trim(), e => e.outerHTML),
    'second first heading': all('h1', shown, e => e.textContent).slice(1),
  };
}
