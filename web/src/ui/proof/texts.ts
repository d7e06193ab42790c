import { texts } from "../../app";

export const say = texts({
  en: {
    name: "Who takes it?",
    noName: "Write down who takes it.",
    how: "Proof",
    signature: "Signature",
    photo: "Photo",
    pad: "Sign here with a finger or a pen",
    clear: "Clear",
    noSignature: "Sign in the field, or take a photo.",
    take: "Take a photo",
    another: "Take another one",
    taken: "The photo that was taken",
    noPhoto: "Take a photo, or have them sign.",
    unreadable: "This is no photo that can be used. Take another one.",
    noRoom: "This browser could not keep the proof. Make some room on the device and try again.",
  },
  de: {
    name: "Wer nimmt an?",
    noName: "Schreiben Sie auf, wer annimmt.",
    how: "Nachweis",
    signature: "Unterschrift",
    photo: "Foto",
    pad: "Hier mit Finger oder Stift unterschreiben",
    clear: "Löschen",
    noSignature: "Im Feld unterschreiben lassen, oder ein Foto machen.",
    take: "Foto machen",
    another: "Ein anderes machen",
    taken: "Das aufgenommene Foto",
    noPhoto: "Ein Foto machen, oder unterschreiben lassen.",
    unreadable: "Dieses Foto lässt sich nicht verwenden. Machen Sie ein anderes.",
    noRoom:
      "Der Browser konnte den Nachweis nicht aufheben. Schaffen Sie Platz auf dem Gerät und versuchen Sie es noch einmal.",
  },
});
