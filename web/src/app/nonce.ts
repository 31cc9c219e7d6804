/** The page's policy allows a <style> element only with the nonce of this page load, which stands in a meta element. */
export function styleNonce(): string {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
  // `npm run dev` serves the page without a server that puts one in.
  return nonce === "__CSP_NONCE__" ? "" : nonce;
}
