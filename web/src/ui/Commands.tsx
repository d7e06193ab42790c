/** A sentence of the server's in which what is to be typed stands between backticks. */
export function Commands({ text }: { text: string }) {
  return (
    <span class="commands">
      {text.split("`").map((part, index) =>
        // Every second part stands between two of them.
        index % 2 === 1 ? <code key={part}>{part}</code> : part,
      )}
    </span>
  );
}
