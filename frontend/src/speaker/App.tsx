/** The speaker's page. */
export function App() {
  return <main />;
}
