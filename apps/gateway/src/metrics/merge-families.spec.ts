import { describe, expect, it } from 'vitest';
import { mergeFamilies } from './merge-families.js';

const LLAMA = `# HELP llamacpp:requests_processing Number of requests processing.
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 1
`;

describe('mergeFamilies', () => {
  it('describes a family once and labels its samples by where they are from', () => {
    const text = mergeFamilies([
      { text: LLAMA, labels: { worker: 'w1', model: 'a' } },
      { text: LLAMA.replace(' 1\n', ' 2\n'), labels: { worker: 'w2', model: 'a' } },
    ]);
    expect(text).toBe(
      `# HELP llamacpp:requests_processing Number of requests processing.
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing{worker="w1",model="a"} 1
llamacpp:requests_processing{worker="w2",model="a"} 2
`,
    );
  });

  it('keeps the parts of a histogram in their family, with their own labels', () => {
    const text = `# TYPE vllm:ttft histogram
vllm:ttft_bucket{le="0.1",model="their \\"name\\""} 3
vllm:ttft_bucket{le="+Inf"} 4 1700000000000
vllm:ttft_sum{} 1.5e-3
vllm:ttft_count 4
`;
    expect(mergeFamilies([{ text, labels: { model: 'b\\c"d' } }])).toBe(
      `# TYPE vllm:ttft histogram
vllm:ttft_bucket{model="b\\\\c\\"d",le="0.1",exported_model="their \\"name\\""} 3
vllm:ttft_bucket{model="b\\\\c\\"d",le="+Inf"} 4 1700000000000
vllm:ttft_sum{model="b\\\\c\\"d"} 1.5e-3
vllm:ttft_count{model="b\\\\c\\"d"} 4
`,
    );
  });

  it('leaves out what is no metric, what has no sample, and what is of the process only', () => {
    const text = `<html>\n# TYPE empty gauge\n\nprocess_cpu_seconds_total 5\npython_info{a="b"} 1\nnot a sample line\nok 1\n`;
    expect(mergeFamilies([{ text, labels: { worker: 'w' } }])).toBe('ok{worker="w"} 1\n');
    expect(mergeFamilies([])).toBe('');
  });
});
