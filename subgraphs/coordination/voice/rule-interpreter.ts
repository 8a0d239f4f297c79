import type { Intent, Utterance, VoiceInterpreter } from './interpreter.ts';
import { readNumber } from './phrases.ts';
import { readSpokenTime } from './spoken-time.ts';

/** A way to ask for a command. */
interface Rule {
  readonly command: string;
  readonly pattern: RegExp;
  /** The parameters that are said; what is missing, the command asks for. */
  readonly read: (match: RegExpExecArray, utterance: Utterance) => Intent['parameters'];
}

const politeness =
  /^(?:(?:please|hey|hi|ok|okay|and|can you|could you|would you|will you|i want to|i would like to|i'd like to|i need to|let's|let us)[ ,]+)+/i;
const address = /[^\s<>,;]+@[^\s<>,;]+\.[^\s<>,;]+/;
const spokenAddress = /\b([\w-]+(?:(?: dot |\.)[\w-]+)*) at ([\w-]+(?: dot [\w-]+)+)\b/i;
const phone = /\+?\d[\d ()./-]{5,30}\d/;

/** A sentence without what is said around it, and with spoken addresses as they are written. */
function tidy(text: string): string {
  const sentence = text.replace(politeness, '').replace(/[\s.?!]+$/, '');
  return sentence.replace(spokenAddress, (said) => said.replace(/ at /i, '@').replace(/ dot /gi, '.'));
}

/** The number in front of what is asked for: `five new leads`, `the last 10 deals`. */
function readLimit(sentence: string): { readonly limit?: number } {
  const numbers = sentence.split(/\s+/).map(readNumber);
  const limit = numbers.find((number) => number !== undefined);
  return limit === undefined ? {} : { limit };
}

/** The first of some words that a sentence has. */
function readWord<Name extends string>(
  name: Name,
  sentence: string,
  words: RegExp,
): { readonly [key in Name]?: string } {
  const word = words.exec(sentence)?.[0];
  return (word === undefined ? {} : { [name]: word }) as { readonly [key in Name]?: string };
}

/** What is said of a person: name, address, phone and company, in any order. */
function readPerson(text: string): Intent['parameters'] {
  const email = address.exec(text)?.[0];
  const number = phone.exec(text.replace(address, ' '))?.[0];
  const plain = text.replace(address, ' ').replace(phone, ' ');
  const [named = '', company] = plain.split(/\b(?:from|of|at|who works (?:for|at))\b/i);
  const words = named
    .replace(/\b(?:with|email|e-mail|address|phone|number|is|and)\b|[,:;<>]/gi, ' ')
    .trim()
    .split(/\s+/);
  const lastName = words.length > 1 ? words.pop() : undefined;
  const firstName = words.join(' ');
  const known = {
    firstName: firstName || undefined,
    lastName,
    email,
    phone: number,
    company: company?.trim() || undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** With whom, about what and when: `Ada Byron about the engine tomorrow at 10`. */
function readMeeting(text: string, utterance: Utterance): Intent['parameters'] {
  const time = readSpokenTime(text, utterance);
  const [person = '', subject = ''] = (time?.rest ?? text).split(/\b(?:about|regarding|concerning|to discuss)\b/i);
  const words = person
    .replace(/^.*\bwith\b/i, ' ')
    .replace(/\s+/g, ' ')
    .replace(/[ ,]+$/, '')
    .trim();
  return {
    ...(words && { with: words }),
    ...(time && { at: time.at.toISOString() }),
    ...(subject.trim() && { subject: subject.replace(/\s+/g, ' ').trim() }),
  };
}

const show =
  '(?:show|list|get|give|tell|find|fetch|read|what|which|how many|do (?:i|we) have|are there|any|my|our|the)';

/** The first that fits counts. */
const rules: readonly Rule[] = [
  {
    command: 'create_lead',
    pattern:
      /^(?:create|add|make|register|enter|save)\s+(?:a\s+|an\s+|another\s+)?(?:new\s+)?lead\b\s*(?:for|named|called|:)?(.*)$/i,
    read: ([, person = '']) => readPerson(person),
  },
  {
    command: 'schedule_meeting',
    pattern: /^(?:schedule|set up|book|arrange|plan)\s+(?:a|an|the)?\s*(?:meeting|call|appointment|demo)\b(.*)$/i,
    read: ([, rest = ''], utterance) => readMeeting(rest, utterance),
  },
  {
    command: 'get_leads',
    pattern: new RegExp(`^${show}\\b.*\\bleads?\\b`, 'i'),
    read: ([said]) => ({
      ...readLimit(said),
      ...readWord('status', said, /\b(?:new|contacted|qualified|converted|lost)\b/i),
    }),
  },
  {
    command: 'get_deals',
    pattern: new RegExp(`^${show}\\b.*\\bdeals?\\b`, 'i'),
    read: ([said]) => ({
      ...readLimit(said),
      ...readWord('stage', said, /\b(?:open|proposal|negotiation|won|lost)\b/i),
    }),
  },
  {
    command: 'get_metrics',
    pattern:
      /\b(?:metrics|figures|key numbers|kpis|dashboard|statistics)\b|^how (?:are we|is (?:the )?business|are things|is it) (?:doing|going)\b/i,
    read: () => ({}),
  },
  {
    command: 'search_contacts',
    pattern:
      /^(?:(?:find|search|look up|look for|show|get)(?: me)?(?: for)?(?: the| a| my)? contacts?(?: for| named| called| of| with)?|find|search(?: for)?|look (?:up|for)|who is|do we know) (.+)$/i,
    read: ([, query = '']) => ({ query: query.trim() }),
  },
];

/** Understands English by rules, and speaks in sentences that are made beforehand: it needs no other service. */
export const ruleInterpreter: VoiceInterpreter = {
  async interpret(utterance) {
    if (!/^en\b/i.test(utterance.locale)) return undefined;
    const sentence = tidy(utterance.text);
    for (const { command, pattern, read } of rules) {
      const match = pattern.exec(sentence);
      if (match) return { command, parameters: read(match, utterance), confidence: 0.9 };
    }
    return undefined;
  },
  speak: async ({ summary, details }) => (details === undefined ? summary : `${summary} ${details}`),
};
