// Asks each URL once, trusting the authority in a PEM file, and prints the status or the error.
import { readFileSync } from "node:fs";
import { get } from "node:https";

const [authority, ...urls] = process.argv.slice(2);
const ca = readFileSync(authority);

function told(url) {
  return new Promise((resolve) => {
    get(url, { ca }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    }).on("error", (error) => resolve(`${error.code}: ${error.message}`));
  });
}

for (const url of urls) {
  console.log(String(await told(url)));
}
process.exit();
