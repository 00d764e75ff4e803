import { useCallback, useId, useState, type KeyboardEvent, type SubmitEvent } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { suggestProducts, type Product } from "../api";
import { formatCents } from "../money";
import { useRequest } from "../useRequest";
import { useDebounced } from "../useDebounced";

const SUGGESTIONS = 6;
/** Milliseconds without typing before suggestions are requested. */
const PAUSE = 150;
const MAXIMUM_LENGTH = 200;

/**
 * The search form of every page: a combobox with a list of suggestions. Source of roles and keys: WAI-ARIA Authoring
 * Practices, "Editable Combobox With List Autocomplete".
 */
export function SearchBox() {
  const navigate = useNavigate();
  const listId = useId();
  const query = usePageQuery();
  const [lastQuery, setLastQuery] = useState(query);
  const [text, setText] = useState(query);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState<number | null>(null);

  if (query !== lastQuery) {
    setLastQuery(query);
    setText(query);
  }

  const wanted = useDebounced(open ? text.trim() : "", PAUSE);
  const [request] = useRequest(
    useCallback(async (signal: AbortSignal) => (wanted === "" ? [] : await suggest(wanted, signal)), [wanted]),
  );
  // Searching works without suggestions, so their failure is not reported.
  const suggestions = open && request.status === "ready" ? request.value : [];
  const expanded = suggestions.length > 0;
  const chosen = active === null ? undefined : suggestions[active];

  const close = () => {
    setOpen(false);
    setActive(null);
  };
  const openProduct = (product: Product) => {
    close();
    setText("");
    void navigate(`/product/${encodeURIComponent(product.id)}`);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (chosen) {
      openProduct(chosen);
      return;
    }
    close();
    const words = text.trim();
    void navigate(words === "" ? "/" : `/?q=${encodeURIComponent(words)}`);
  };
  const move = (event: KeyboardEvent) => {
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        event.preventDefault();
        if (expanded) {
          setActive(step(active, suggestions.length, event.key === "ArrowDown" ? 1 : -1));
        } else {
          setOpen(true);
        }
        break;
      case "Escape":
        // The first Escape closes the list. The browser handles the next one, which empties the field.
        if (expanded) {
          event.preventDefault();
        }
        close();
        break;
    }
  };

  return (
    <form className="search" role="search" onSubmit={submit}>
      <label className="hidden" htmlFor={`${listId}-input`}>
        Search the shop
      </label>
      <div className="combobox">
        <input
          id={`${listId}-input`}
          type="search"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={expanded}
          aria-controls={listId}
          aria-activedescendant={chosen && `${listId}-${chosen.id}`}
          autoComplete="off"
          enterKeyHint="search"
          maxLength={MAXIMUM_LENGTH}
          placeholder="Search the shop"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(null);
            setOpen(true);
          }}
          onKeyDown={move}
          onBlur={close}
        />
        <ul id={listId} role="listbox" aria-label="Suggestions" hidden={!expanded}>
          {suggestions.map((product, index) => (
            <li
              key={product.id}
              id={`${listId}-${product.id}`}
              role="option"
              aria-selected={index === active}
              // The focus stays in the field, so that a click does not close the list before it is handled.
              onMouseDown={(event) => {
                event.preventDefault();
              }}
              onClick={() => {
                openProduct(product);
              }}
            >
              <span>{product.name}</span> <span className="quiet">{formatCents(product.price)}</span>
            </li>
          ))}
        </ul>
        <p className="hidden" role="status" aria-label="Suggestions found">
          {expanded && `${String(suggestions.length)} suggestions; use the arrow keys to choose one.`}
        </p>
      </div>
      <button type="submit">Search</button>
    </form>
  );
}

/** Returns the search text of the current page. */
function usePageQuery(): string {
  const { pathname } = useLocation();
  const [parameters] = useSearchParams();
  return pathname === "/" ? (parameters.get("q") ?? "") : "";
}

async function suggest(words: string, signal: AbortSignal): Promise<readonly Product[]> {
  return (await suggestProducts(words, SUGGESTIONS, signal)).products;
}

/** Returns the next index in a ring of `count` suggestions and no selection. */
function step(active: number | null, count: number, direction: 1 | -1): number | null {
  const next = (active ?? (direction === 1 ? -1 : count)) + direction;
  return next < 0 || next >= count ? null : next;
}
