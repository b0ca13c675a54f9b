/** What a command needs to know of certificates. The page cannot know where the client keeps them: a variable names the folder. */

/** @typedef {import("./types.js").Exchange} Exchange */

/** The setting of the server that names the folder; without it, the folder of docs/tls.md: `registry-sandbox certs certs`. */
const FOLDER = "SANDBOX_TLS_DIR";

/** @param {string} url */
export const isSecure = (url) => url.startsWith("https:");

/** @param {string} file */
const inFolder = (file) => `"\${${FOLDER}:-certs}/${file}"`;

/** The options of curl. A client that sent something in spite of a bad certificate did not check it. @param {Exchange} exchange @param {string} url */
export function curlTrust({ certificate_subject, transport }, url) {
  if (!isSecure(url)) return "";
  const shown = certificate_subject ? ` --cert ${inFolder("client.pem")} --key ${inFolder("client.key")}` : "";
  return (transport?.tls_fault ? " --insecure" : ` --cacert ${inFolder("ca.pem")}`) + shown;
}

/** The lines of Python that make `tls`. @param {Exchange} exchange */
export function trustIn({ certificate_subject, transport }) {
  const checked = ['tls = ssl.create_default_context(cafile=certs / "ca.pem")'];
  const unchecked = ["tls = ssl.create_default_context()", "tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE"];
  const shown = certificate_subject ? ['tls.load_cert_chain(certs / "client.pem", certs / "client.key")'] : [];
  return [`certs = pathlib.Path(os.environ.get("${FOLDER}", "certs"))`, ...(transport?.tls_fault ? unchecked : checked), ...shown];
}

/** The argument of httpx that names `tls`, where a URL needs it. @param {string} url */
export const verified = (url) => (isSecure(url) ? ", verify=tls" : "");
