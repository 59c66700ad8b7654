import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";

/** A hint at whatever is inside; shown on hover and focus. */
export function Tip({ text, children }: { text: ReactNode; children: ReactNode }) {
  if (!text) return children;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" sideOffset={5} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
