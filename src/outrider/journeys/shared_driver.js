// Playwright's driver for many clients, one after the other: what `cli.js run-driver` does for one, by its own classes.
//
//     node shared_driver.js run-driver PACKAGE FOLDER DESCRIPTOR...
//
// Each descriptor is a socket to one client, which has a Playwright of its own; when it hangs up, what is left of that is
// closed. FOLDER is where clients run. This process ends with its last client.
"use strict";
const net = require("node:net");
const path = require("node:path");

const [packageFolder, folder, ...descriptors] = process.argv.slice(3);
let open = descriptors.length;
require(path.join(packageFolder, "lib", "bootstrap"));
const { server } = require(path.join(packageFolder, "lib", "coreBundle.js"));

function serve(socket) {
  const connection = new server.DispatcherConnection();
  let playwright, dispatcher, replacer;
  const root = new server.RootDispatcher(connection, async (scope, { sdkLanguage, supportsLoneSurrogates }) => {
    process.chdir(folder); // each client's folder is a new one at the same place
    if (!supportsLoneSurrogates)
      replacer = (_, value) => (typeof value === "string" ? value.toWellFormed() : value);
    playwright = server.createPlaywright({ sdkLanguage, isClientCollocatedWithServer: true });
    dispatcher = new server.PlaywrightDispatcher(scope, playwright);
    return dispatcher;
  });
  connection.onmessage = (message) => {
    const body = Buffer.from(JSON.stringify(message, replacer), "utf-8");
    const size = Buffer.alloc(4);
    size.writeUInt32LE(body.length, 0);
    socket.write(Buffer.concat([size, body]));
  };
  let received = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    received = received.length ? Buffer.concat([received, chunk]) : chunk;
    while (received.length >= 4 && received.length >= 4 + received.readUInt32LE(0)) {
      const end = 4 + received.readUInt32LE(0);
      const message = received.toString("utf-8", 4, end);
      received = received.subarray(end);
      setImmediate(() => connection.dispatch(JSON.parse(message)));
    }
  });
  socket.on("error", () => {});
  socket.on("close", async () => {
    connection.onmessage = () => {};
    await root.stopPendingOperations(new Error("Disconnected")).catch(() => {});
    root._dispose();
    await dispatcher?.cleanup().catch(() => {});
    const browsers = playwright?.allBrowsers() ?? [];
    await Promise.all(browsers.map((browser) => browser.close({ reason: "Disconnected" }).catch(() => {})));
    if (!--open) process.exit(0);
  });
}

process.on("SIGINT", () => {});
for (const descriptor of descriptors) serve(new net.Socket({ fd: Number(descriptor) }));
