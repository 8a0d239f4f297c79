import 'graphiql/style.css';
import './playground.css';
import { createRoot } from 'react-dom/client';
import { loadConfig } from './config.ts';
import { provideEditorWorkers } from './editor-workers.ts';
import { Playground } from './playground.tsx';

provideEditorWorkers();

const container = document.getElementById('playground');
if (container === null) throw new Error('The page has no element to render into.');
const root = createRoot(container);

try {
  root.render(<Playground config={await loadConfig()} />);
} catch (error) {
  root.render(
    <p role="alert" className="load-failure">
      {error instanceof Error ? error.message : String(error)}
    </p>,
  );
}
