// What a report page must keep, as a list of what it breaks. Runs in the page.
(() => {
  const wrong = [];
  const where = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className && e.className.baseVal === undefined ? '.' + e.className : '');
  const seen = {};
  for (const e of document.querySelectorAll('[id]')) {
    if (seen[e.id]) wrong.push(`id ${e.id} stands twice`);
    seen[e.id] = true;
  }
  for (const attribute of ['aria-labelledby', 'aria-describedby'])
    for (const e of document.querySelectorAll(`[${attribute}]`))
      for (const id of e.getAttribute(attribute).split(' '))
        if (!document.getElementById(id)) wrong.push(`${where(e)}: ${attribute} names ${id}, which isn't there`);
  for (const a of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(a.getAttribute('href').slice(1))) wrong.push(`link to ${a.getAttribute('href')}, which isn't there`);
  for (const s of document.querySelectorAll('svg')) {
    if (s.getAttribute('aria-hidden') === 'true') continue;
    const title = s.querySelector(':scope > title'), desc = s.querySelector(':scope > desc');
    if (s.getAttribute('role') !== 'img' || !title || !title.textContent.trim() || !desc || !desc.textContent.trim())
      wrong.push(`${where(s)}: a picture without role, title or description`);
  }
  for (const i of document.querySelectorAll('img:not([alt])')) wrong.push(`${where(i)}: no alt text`);
  let level = 0;
  for (const h of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
    const n = +h.tagName[1];
    if (n > level + 1) wrong.push(`heading "${h.textContent}" jumps from h${level} to h${n}`);
    level = n;
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not exactly one h1');
  if (!document.documentElement.lang) wrong.push('no language');
  for (const e of document.querySelectorAll('script,iframe,object,embed,link[rel=stylesheet],link[rel=preload]')) wrong.push(`${where(e)}: not allowed in the page`);
  for (const e of document.querySelectorAll('*')) for (const a of e.attributes) if (/^on/.test(a.name)) wrong.push(`${where(e)}: attribute ${a.name}`);
  for (const bad of ['NaN', 'Infinity', '%!', '<no value>', '&lt;nil'])
    if (document.documentElement.outerHTML.includes(bad) && !document.documentElement.hasAttribute('data-allow')) wrong.push(`the page holds "${bad}"`);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${width}`);
    for (const e of document.querySelectorAll('body *'))
      if (e.getBoundingClientRect().right > width + 1 && !e.closest('.scroll,pre,svg,.skip')) wrong.push(`  ${where(e)} reaches to ${Math.round(e.getBoundingClientRect().right)}`);
  }
  for (const e of document.querySelectorAll('.scroll,pre'))
    if (e.scrollWidth > e.clientWidth && e.tabIndex !== 0) wrong.push(`${where(e)} scrolls but can't be reached by keyboard`);
  for (const s of document.querySelectorAll('svg[role=img]')) {
    const box = s.getBoundingClientRect();
    if (!box.width) continue;
    const scale = box.width / s.viewBox.baseVal.width;
    for (const t of s.querySelectorAll('text')) {
      const r = t.getBoundingClientRect();
      if (r.left < box.left - 2 || r.right > box.right + 2 || r.top < box.top - 2 || r.bottom > box.bottom + 2)
        wrong.push(`${s.querySelector('title').id}: text "${t.textContent}" leaves the picture`);
    }
    if (13 * scale < 9) wrong.push(`${s.querySelector('title').id}: text of ${(13 * scale).toFixed(1)} px is too small`);
  }
  if (matchMedia('print').matches)
    for (const e of document.querySelectorAll('details > :not(summary), details:not(.fold) > summary')) // nobody opens anything on paper
      if (!e.checkVisibility() || e.getBoundingClientRect().height < 5) wrong.push(`${where(e)} of "${e.parentElement.querySelector('summary').textContent}" isn't printed`);
  return wrong;
})()
