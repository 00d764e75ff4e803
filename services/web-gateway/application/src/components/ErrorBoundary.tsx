import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
  readonly children: ReactNode;
}

/** What is shown where a defect of ours ends a page: React alone would leave it white. */
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
        <p>It is our mistake. Your cart is safe.</p>
        <a className="button" href="/">
          Open the shop anew
        </a>
      </main>
    );
  }
}
