/* What every form and htmx request needs: busy buttons, focus on what changed, counters, the CSRF header, spoken results,
   a progress line, and a notice when the line is down. No evaluation of strings anywhere. */
(() => {
  const say = (text) => window.Disha?.say(text);
  const quiet = new Set(['every', 'load', 'revealed', 'intersect']); /* requests nobody pressed for */
  const unasked = (ctx) => quiet.has(ctx?.sourceEvent?.type) || Boolean(ctx?.sourceElement?.matches?.('[data-quiet]'));

  const deny = function () { throw new Error('Evaluating strings is switched off'); };
  window.htmx?.registerExtension('house', { init: (api) => api.initSecurity(undefined, deny, deny) });

  /* ── busy ── */
  const busy = (button) => { if (button && !button.disabled) { button.setAttribute('aria-busy', 'true'); button.disabled = true; } };
  const free = (button) => { if (button?.getAttribute('aria-busy') === 'true') { button.removeAttribute('aria-busy'); button.disabled = false; } };
  const submitOf = (form, submitter) => submitter ?? form?.querySelector('button:not([type="button"], [type="reset"]), input[type="submit"]');

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === 'dialog' || form.target || event.submitter?.formTarget || form.matches('[data-stays]')) return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    form.dataset.sending = 'yes';
    const button = submitOf(form, event.submitter);
    button?.setAttribute('aria-busy', 'true');
    setTimeout(() => busy(button)); /* after the browser has read the form, so the button's own value is sent */
  });
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll('form[data-sending]')) { delete form.dataset.sending; form.querySelectorAll('[aria-busy="true"]').forEach(free); }
  });

  /* ── progress line ── */
  let running = 0, delay = 0, line = null;
  const started = () => {
    running += 1;
    if (running > 1) return;
    delay = setTimeout(() => { line = Object.assign(document.createElement('div'), { className: 'bar-top' }); line.setAttribute('aria-hidden', 'true'); document.body.append(line); }, 300);
  };
  const ended = () => {
    running = Math.max(0, running - 1);
    if (running) return;
    clearTimeout(delay);
    line?.remove();
    line = null;
  };

  /* ── htmx requests ── */
  document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token && ctx.request.method !== 'GET') ctx.request.headers['X-CSRFToken'] = token;
  });
  document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
    if (unasked(ctx)) return;
    const { sourceElement: source, request } = ctx;
    ctx.busyButton = source.matches('form') ? submitOf(source, request.submitter) : source.closest('button');
    busy(ctx.busyButton);
    ctx.counted = true;
    started();
    document.querySelectorAll('[data-line-lost]').forEach((notice) => notice.remove());
  });
  document.addEventListener('htmx:finally:request', ({ detail: { ctx } }) => {
    if (!ctx.keepIndicators && ctx.busyButton) {
      free(ctx.busyButton);
      if (document.activeElement === document.body && ctx.busyButton.isConnected) ctx.busyButton.focus({ preventScroll: true });
    }
    if (ctx.counted) { ctx.counted = false; ended(); }
  });
  /* A stale page gets a new token with the refusal: sending again works, and nothing typed is lost. */
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const fresh = ctx.response?.headers.get('X-CSRFToken');
    if (!fresh) return;
    document.querySelector('meta[name="csrf-token"]')?.setAttribute('content', fresh);
    for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = fresh;
  });
  /* An error page of the app goes to #alerts, so that what was typed stays where it is. */
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (ctx.response.status < 400 || ctx.hx.retarget || !ctx.text?.includes('data-error-notice')) return;
    ctx.hx.retarget = '#alerts';
    ctx.hx.reswap = 'innerHTML';
    ctx.hx.reselect = '[data-error-notice]';
    ctx.push = ctx.replace = null;
  });
  /* An error page that is not ours (a proxy's) never replaces a part of the page. */
  document.addEventListener('htmx:before:swap', (event) => {
    const { ctx } = event.detail;
    if (!ctx.response || ctx.response.status < 400 || ctx.response.headers.has('X-Request-ID')) return;
    event.preventDefault();
    lineLost(ctx);
  });
  document.addEventListener('htmx:error', ({ detail: { ctx } }) => { if (ctx && !ctx.response) lineLost(ctx); });

  const lineLost = (ctx) => {
    const template = document.getElementById('line-lost');
    if (!template || unasked(ctx)) return;
    document.querySelectorAll('[data-line-lost]').forEach((old) => old.remove());
    const notice = template.content.firstElementChild.cloneNode(true);
    const form = ctx.sourceElement?.closest?.('form:not(table form)');
    (form ?? document.getElementById('alerts')).prepend(notice);
    notice.focus({ preventScroll: true });
    notice.scrollIntoView({ block: 'nearest' });
  };

  /* ── after a swap: focus and voice ── */
  let arrived = [];
  document.addEventListener('htmx:after:settle', ({ detail }) => { arrived.push(...(detail.newContent ?? []).filter((node) => node instanceof Element)); });
  document.addEventListener('htmx:after:swap', ({ detail: { ctx } }) => {
    const fresh = arrived.filter((node) => node.isConnected);
    arrived = [];
    speak(fresh);
    if (unasked(ctx) || focusFirst(fresh)) return;
    setTimeout(() => { if (document.activeElement === document.body) focusHeading(fresh); }, 20);
  });

  const within = (roots, selector) => roots.flatMap((root) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)]);
  const land = (element) => {
    if (!element.matches('a[href], button, input, select, textarea, summary, [tabindex]')) element.tabIndex = -1;
    element.focus();
    return true;
  };
  const focusFirst = (roots) => {
    const first = within(roots, '[aria-invalid="true"]:not([disabled], [type="hidden"]), [data-focus]').find((element) => element.checkVisibility?.() ?? true);
    return first ? land(first) : false;
  };
  const focusHeading = (roots) => { const heading = within(roots, 'h1, h2, h3, [role="alert"], [role="status"]')[0] ?? roots[0]; if (heading) land(heading); };
  const speak = (roots) => { for (const element of within(roots, '[data-live]')) say(element.dataset.live || element.textContent); };

  /* ── counters and selects that send themselves ── */
  const count = (field) => {
    const shown = field.id && field.maxLength > 0 && document.querySelector(`[data-count="${CSS.escape(field.id)}"]`);
    if (!shown) return;
    shown.textContent = `${field.value.length} / ${field.maxLength}`;
    shown.classList.toggle('warn', field.value.length >= field.maxLength * 0.9);
  };
  document.addEventListener('input', (event) => { if (event.target.matches?.('input, textarea')) count(event.target); });
  document.addEventListener('change', (event) => { if (event.target.matches?.('[data-autosubmit]')) event.target.form?.requestSubmit(); });

  focusFirst([document.body]);
  speak([document.body]);
})();
