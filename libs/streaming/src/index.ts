export { decodeBatch, encodeBatch, encodeLog, FrameFormatError } from './frames/frame-codec.js';
export { FramePublisher } from './publishing/frame-publisher.js';
export { FrameSubscriber, type FrameSubscriberOptions } from './receiving/frame-subscriber.js';
export { type FrameWriter } from './publishing/frame-writer.js';
export { type FramePublisherOptions } from './publishing/publisher-options.js';
export { RequestLog } from './log/request-log.js';
export { type LoggedResponse, resolveLog } from './log/resolve-log.js';
export { type ResponseRequests, ResponseStream } from './receiving/response-stream.js';
export { type LogOptions, type ResponseAddress, type WriterOptions } from './publishing/writer-options.js';
