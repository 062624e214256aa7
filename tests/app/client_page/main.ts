import { clients } from "./clients";
import { pay } from "./pay";

const { client, server, key } = document.currentScript!.dataset;
const { run, flush } = clients[client!]!(server!, key!);

document.querySelector("button")!.addEventListener("click", () => {
  setTimeout(() => Promise.resolve(flush()).then(() => (document.title = "sent")), 400);
  void run(() => pay({ id: 17 }));
});
