/** The listener's page. */
export function App() {
  return <main />;
}
