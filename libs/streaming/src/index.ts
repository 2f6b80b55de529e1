export { decodeBatch, encodeBatch, encodeLog, FrameFormatError } from './frame-codec.js';
export { FramePublisher } from './frame-publisher.js';
export { FrameSubscriber, type FrameSubscriberOptions } from './frame-subscriber.js';
export { type FrameWriter } from './frame-writer.js';
export { type FramePublisherOptions } from './publisher-options.js';
export { RequestLog } from './request-log.js';
export { type LoggedResponse, resolveLog } from './resolve-log.js';
export { type ResponseRequests, ResponseStream } from './response-stream.js';
export { type LogOptions, type ResponseAddress, type WriterOptions } from './writer-options.js';
