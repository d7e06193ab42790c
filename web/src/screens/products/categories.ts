/** The categories of the catalogue, for fields that name one. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../../app";
import { answer } from "../../lib/api";
import { everyPage } from "../../lib/pages";

/** Their names, none until they are known; and why they cannot be. */
export function useCategories(): { names: readonly string[]; error: Error | null } {
  const [names, setNames] = useState<readonly string[]>([]);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    everyPage((cursor) =>
      answer(
        api.GET("/api/catalog/categories", {
          params: { query: { limit: 100, ...(cursor === null ? {} : { cursor }) } },
        }),
      ),
    ).then((categories) => setNames(categories.map(({ name }) => name)), setError);
  }, []);
  return { names, error };
}
