/* Opens Razorpay's checkout from form[data-razorpay] and posts what it hands back, as the form's own fields.
   Its script comes from its own origin and is allowed on this page alone; without it the form says so. */
(() => {
  const form = document.querySelector('form[data-razorpay]');
  if (!form) return;
  const button = form.querySelector('button'), trouble = form.querySelector('[data-trouble]');
  const { key, order, amount, currency, merchant, title, name, email, back } = form.dataset;

  const say = (text) => { trouble.textContent = text; trouble.hidden = false; };
  const busy = (on) => { button.disabled = on; button.setAttribute('aria-busy', String(on)); };
  const handBack = (result) => {
    for (const field of ['razorpay_order_id', 'razorpay_payment_id', 'razorpay_signature']) {
      form.elements.namedItem(field).value = result[field] ?? '';
    }
    busy(true);
    form.submit();
  };
  const open = () => {
    if (!window.Razorpay) {
      say('The payment window could not be loaded. Check your connection, allow checkout.razorpay.com, and reload this page.');
      return;
    }
    let declined = false;
    const checkout = new window.Razorpay({
      key, amount, currency, name: merchant, description: title, order_id: order,
      prefill: { name, email },
      handler: handBack,
      modal: { confirm_close: true, ondismiss: () => { busy(false); location.assign(declined ? `${back}?failed=1` : back); } },
    });
    checkout.on('payment.failed', () => { declined = true; });
    busy(true);
    checkout.open();
  };

  button.disabled = false;
  form.addEventListener('submit', (event) => { event.preventDefault(); open(); });
  if ('open' in form.dataset) {
    history.replaceState(null, '', back); /* a reload shows the order and opens nothing */
    open();
  }
})();
