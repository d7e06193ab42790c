/** The restaurants, which are hundreds: all of them, for who has to choose one. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../app";
import type { components } from "../generated/accounts";
import { answer } from "../lib/api";
import { everyPage } from "../lib/pages";

export type Restaurant = components["schemas"]["Restaurant"];

/** By number; none until they are known. */
export function useRestaurants(): { items: readonly Restaurant[]; error: Error | null } {
  const [items, setItems] = useState<readonly Restaurant[]>([]);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    everyPage((cursor) =>
      answer(
        api.GET("/api/accounts/restaurants", {
          params: { query: { limit: 100, ...(cursor === null ? {} : { cursor }) } },
        }),
      ),
    ).then(setItems, setError);
  }, []);
  return { items, error };
}
