import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/bits";

export function NotFound() {
  return (
    <Empty title="There is no such page">
      <p>
        The address may be from another server or version. All work is under{" "}
        <Link to="/experiments" className="link">
          experiments
        </Link>
        .
      </p>
    </Empty>
  );
}
