import type { ComponentProps } from "react";
import type { FieldName } from "../checkoutFields";

interface FieldProps extends Pick<ComponentProps<"input">, "type" | "autoComplete" | "inputMode" | "placeholder"> {
  readonly name: FieldName;
  readonly label: string;
  readonly optional?: boolean;
  readonly wide?: boolean;
  readonly value: string;
  /** Empty if no problem is shown. */
  readonly problem: string;
  readonly onType: (name: FieldName, value: string) => void;
  readonly onLeave: (name: FieldName) => void;
}

export function Field({ name, label, optional = false, wide = false, problem, onType, onLeave, ...input }: FieldProps) {
  const problemId = `${name}-problem`;
  return (
    <div className={wide ? "field wide" : "field"}>
      <label htmlFor={name}>
        {label}
        {optional && <span className="quiet"> (optional)</span>}
      </label>
      <input
        {...input}
        id={name}
        name={name}
        aria-required={!optional}
        aria-invalid={problem !== ""}
        aria-describedby={problem === "" ? undefined : problemId}
        onChange={(event) => {
          onType(name, event.target.value);
        }}
        onBlur={() => {
          onLeave(name);
        }}
      />
      <p className="problem" id={problemId} aria-live="polite">
        {problem}
      </p>
    </div>
  );
}
