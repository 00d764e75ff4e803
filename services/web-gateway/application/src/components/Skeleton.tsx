/** Shows grey placeholders while something loads, with a label for screen readers. */
export function Skeleton({ label, shape, count }: { readonly label: string; readonly shape: "card" | "line" | "product"; readonly count: number }) {
  return (
    <div role="status" aria-label={label} className={`skeletons of-${shape}`}>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className="skeleton" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
