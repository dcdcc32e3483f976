/* [data-live-url]: asks every few seconds, while the page can be seen, whether something changed; the answer's HX-Trigger names
   the event that is then fired on the element (it carries hx-trigger). Without cookies, because the answer is the same for everybody;
   with data-live-signed it is about the person signed in. */
(() => {
  const PAUSE = 4000, SLOWEST = 60000;
  let timer = 0, asking = false, failures = 0;

  const watched = () => [...document.querySelectorAll('[data-live-url]')];
  const ask = async (element) => {
    const answer = await fetch(element.dataset.liveUrl, { credentials: 'liveSigned' in element.dataset ? 'same-origin' : 'omit', cache: 'no-store' });
    const event = answer.status === 204 && answer.headers.get('HX-Trigger');
    if (event && element.isConnected) element.dispatchEvent(new CustomEvent(event, { bubbles: true }));
    if (!answer.ok) throw new Error(String(answer.status));
  };
  const later = () => {
    clearTimeout(timer);
    const pause = Math.min(SLOWEST, PAUSE * 2 ** failures);
    if (!document.hidden && watched().length) timer = setTimeout(round, pause * (0.9 + Math.random() * 0.2)); /* not all at once */
  };
  const round = async () => {
    if (asking) return;
    asking = true;
    try { await Promise.all(watched().map(ask)); failures = 0; } catch { failures = Math.min(failures + 1, 5); }
    asking = false;
    later();
  };
  later();
  document.addEventListener('visibilitychange', () => { if (document.hidden) clearTimeout(timer); else round(); });
  document.addEventListener('htmx:after:swap', () => { if (!asking) later(); });
})();
