/** A field to sign in, by finger, pen or mouse. Who cannot draw takes a photo instead. */
import { useEffect, useRef } from "preact/hooks";
import { type Dot, HEIGHT, type Stroke, WIDTH, write } from "./signature";
import { say } from "./texts";

interface PadProps {
  strokes: readonly Stroke[];
  onStrokes: (strokes: readonly Stroke[]) => void;
  canvas: { current: HTMLCanvasElement | null };
}

export function Pad({ strokes, onStrokes, canvas }: PadProps) {
  const drawing = useRef(false);
  useEffect(() => {
    const paper = canvas.current?.getContext("2d");
    if (paper) write(paper, strokes);
  }, [strokes, canvas]);

  function dotOf(event: PointerEvent): Dot {
    const { left, top, width, height } = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * WIDTH, y: ((event.clientY - top) / height) * HEIGHT };
  }

  function begin(event: PointerEvent): void {
    (event.currentTarget as HTMLCanvasElement).setPointerCapture(event.pointerId);
    drawing.current = true;
    onStrokes([...strokes, [dotOf(event)]]);
  }

  function go(event: PointerEvent): void {
    if (drawing.current) onStrokes([...strokes.slice(0, -1), [...(strokes.at(-1) ?? []), dotOf(event)]]);
  }

  function end(): void {
    drawing.current = false;
  }

  return (
    <div class="pad">
      <canvas
        ref={canvas}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={say("pad")}
        onPointerDown={begin}
        onPointerMove={go}
        onPointerUp={end}
        onPointerCancel={end}
      />
      {strokes.length === 0 && <span aria-hidden="true">{say("pad")}</span>}
      <button type="button" class="plain" disabled={strokes.length === 0} onClick={() => onStrokes([])}>
        {say("clear")}
      </button>
    </div>
  );
}
