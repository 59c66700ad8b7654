import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Tip } from "./Tip";

type Look = "normal" | "primary" | "ghost" | "danger";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  on?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "normal", small, on, className = "", ...rest }: Props) {
  const classes = ["btn", look === "normal" ? "" : look, small ? "small" : "", on ? "on" : "", className];
  return <button type="button" {...rest} className={classes.filter(Boolean).join(" ")} />;
}

/** A button with a picture only; `label` is its name and its hint. */
export function IconButton({ label, children, look = "ghost", ...rest }: Props & { label: string; children: ReactNode }) {
  return (
    <Tip text={label}>
      <Button {...rest} look={look} aria-label={label} className={`icon ${rest.className ?? ""}`}>
        {children}
      </Button>
    </Tip>
  );
}
