/* The availability editor: marks the windows that the server found wrong, keeps a tab from closing over unsaved hours,
   and opens the tab of a link's target on phones. The page works without it. */
(() => {
  const form = () => document.getElementById('availability');
  let unsaved = false;

  /* After a preview only the foot of a day is drawn again; the inputs, with what is being typed, stay. */
  const mark = () => {
    for (const foot of document.querySelectorAll('.wd-foot[data-bad]')) {
      const bad = new Set(foot.dataset.bad.split(' ').filter(Boolean));
      const error = foot.querySelector('.error')?.id;
      foot.closest('.wd').querySelectorAll('.win').forEach((win, index) => {
        const wrong = bad.has(String(index));
        win.classList.toggle('bad-win', wrong);
        for (const input of win.querySelectorAll('input')) {
          if (wrong) { input.setAttribute('aria-invalid', 'true'); input.setAttribute('aria-describedby', error); } else { input.removeAttribute('aria-invalid'); input.removeAttribute('aria-describedby'); }
        }
      });
    }
  };
  document.addEventListener('htmx:after:swap', () => { mark(); unsaved = Boolean(document.querySelector('#savebar [data-discard]')); });

  document.addEventListener('change', (event) => { if (event.target.form === form() && event.target.name !== 'tab' && event.target.name !== 'at') unsaved = true; });
  document.addEventListener('submit', (event) => { if (event.target === form()) unsaved = false; });
  document.addEventListener('click', (event) => { if (event.target.closest('[data-discard], #told a')) unsaved = false; });
  document.addEventListener('htmx:before:response', ({ detail: { ctx } }) => { if (ctx.response.headers.has('HX-Redirect')) unsaved = false; });
  window.addEventListener('beforeunload', (event) => { if (unsaved) event.preventDefault(); });

  /* A link to a field in a part that is not shown (phones) opens that part first. */
  document.addEventListener('click', (event) => {
    const link = event.target.closest('#editor a[href^="#"]');
    const target = link && document.getElementById(link.hash.slice(1));
    const pane = target?.closest('.pane');
    const tab = pane && document.getElementById(`tab-${[...pane.classList].find((name) => name.startsWith('pane-'))?.slice(5)}`);
    if (tab && !tab.checked) tab.checked = true;
    if (target) setTimeout(() => target.focus());
  });
})();
