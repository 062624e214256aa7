// What a recording may hold: no text, no input and no picture unless a rule shows it; no address with its query. rrweb
// masks texts and inputs itself; attributes and styles are masked here, before anything is kept.
import { record } from "@rrweb/record";
import { bare } from "../rum/view";

const SHOWN = "[data-outrider-unmask]";
const MASKED = "[data-outrider-mask]";
const MEDIA = "img,picture,video,audio,canvas,iframe,frame,object,embed,svg image,input[type=image],map";
const SECRET = 'input[type=password],input[autocomplete^="cc-"],input[autocomplete*="password"],[data-outrider-secret]';
const SAID = /^(title|alt|placeholder|label|content|value|summary|srcdoc|abbr|download|cite|datetime|aria-(label|description|valuetext|valuenow|roledescription|placeholder))$/i;
const ADDRESS = /^(href|src|action|formaction|xlink:href|poster|background|data|ping|rr_src)$/i;
const DROPPED = /^(srcset|imagesrcset|nonce|integrity|on.+|rr_dataURL)$/i;
const STATE = /^(?!.*\d{4})[\w-]{0,20}$/;

type Attributes = Record<string, unknown>;

interface RecordedNode {
  id?: number;
  type?: number;
  tagName?: string;
  attributes?: Attributes;
  childNodes?: RecordedNode[];
  textContent?: string;
  isStyle?: boolean;
}

export interface Mask {
  readonly blocked: string;
  text(text: string, element: Element | null): string;
  event(event: { type: number; data?: unknown }): void;
}

/** Return rules of masking.
 * @param unmask selectors of what is shown as it is
 * @param block selectors of what is left out, beside media
 */
export function maskOf(unmask: string, block: string): Mask {
  const shown = valid([SHOWN, unmask]);

  function isShown(element: Element | null | undefined): boolean {
    return !!element?.closest(shown) && !element.closest(MASKED) && !element.matches(SECRET);
  }

  function text(said: string, element: Element | null): string {
    return isShown(element) ? said : said.replace(/\S/g, "*");
  }

  function attributes(given: Attributes, element: Element | null): void {
    for (const [name, value] of Object.entries(given)) {
      if (DROPPED.test(name)) delete given[name];
      else if (name === "content" && given["name"] === "viewport") continue;
      else if (name === "style" || name === "_cssText") given[name] = style(value);
      else if (name === "checked" || name === "selected") {
        if (!isShown(element)) delete given[name];
      } else if (typeof value !== "string") continue;
      else if (ADDRESS.test(name)) given[name] = value.startsWith("#") ? value : bare(value);
      else if (SAID.test(name) || (name.startsWith("data-") && !STATE.test(value))) given[name] = text(value, element);
    }
  }

  /** Mask a node and all below it. */
  function tree(root: RecordedNode): void {
    const waiting = [root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      const element = node.id === undefined ? null : (record.mirror.getNode(node.id) as Element | null);
      if (node.attributes) attributes(node.attributes, element instanceof Element ? element : null);
      if (node.tagName === "style") for (const child of node.childNodes ?? []) child.textContent = style(child.textContent) as string;
      waiting.push(...(node.childNodes ?? []));
    }
  }

  function event({ type, data }: { type: number; data?: unknown }): void {
    const said = data as Record<string, any>;
    if (type === 4) said["href"] = bare(said["href"]);
    if (type === 2) tree(said["node"]);
    if (type !== 3) return;
    const element = (id: number): Element | null => {
      const node = record.mirror.getNode(id);
      return node instanceof Element ? node : null;
    };
    if (said["source"] === 0) {
      for (const { node } of said["adds"]) tree(node);
      for (const change of said["attributes"]) attributes(change.attributes, element(change.id));
      for (const change of said["texts"]) if (element(change.id)?.tagName === "STYLE") change.value = style(change.value);
    } else if (said["source"] === 5 && !isShown(element(said["id"]))) said["isChecked"] = false;
    else if (said["source"] === 8) for (const add of said["adds"] ?? []) add.rule = style(add.rule);
    else if (said["source"] === 13 && said["set"]) said["set"].value = style(said["set"].value);
  }

  const media = MEDIA.split(",").map((name) => `${name}:not(${shown})`);
  return { blocked: valid(["[data-outrider-block]", ...media, block]), text, event };
}

/** Styles without the pictures that they name elsewhere. */
function style(css: unknown): unknown {
  if (typeof css === "string") return css.replace(/url\(\s*(?!["']?\s*data:)[^)]*\)/gi, "url(data:,)");
  if (css && typeof css === "object") for (const [name, value] of Object.entries(css)) (css as Attributes)[name] = style(value);
  return css;
}

/** Return those selectors that are some, as one. */
function valid(selectors: string[]): string {
  return selectors
    .filter((selector) => {
      try {
        return selector.trim() && (document.createElement("p").matches(selector) || true);
      } catch {
        console.warn(`Outrider: ${selector} is no selector`);
        return false;
      }
    })
    .join(",");
}
