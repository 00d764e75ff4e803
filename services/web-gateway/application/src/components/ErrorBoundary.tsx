import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** Shows a message when a bug breaks a page, which React itself would leave blank. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <main className="failure" role="alert">
        <p className="failure-title">Something went wrong on this page.</p>
        <p>This is our fault. Your cart is safe.</p>
        <a className="button" href="/">
          Reload the shop
        </a>
      </main>
    );
  }
}
