import { Fragment } from "preact";

/** A name out of code, which may go on in another line where it has a joint: analytics.|add_|product_|sales. */
export function Breakable({ name }: { name: string }) {
  return name.split(/(?<=[._/])/).map((part, at) => (
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
