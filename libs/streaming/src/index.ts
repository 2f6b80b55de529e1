export { decodeBatch, encodeBatch, encodeLog, FrameFormatError } from './frame-codec.js';
export { FramePublisher, type FramePublisherOptions } from './frame-publisher.js';
export {
  type FrameWriter,
  type LogOptions,
  type ResponseAddress,
  type WriterOptions,
} from './frame-writer.js';
export { FrameSubscriber, type FrameSubscriberOptions } from './frame-subscriber.js';
export { RequestLog } from './request-log.js';
export { type LoggedResponse, resolveLog } from './resolve-log.js';
export { type ResponseRequests, ResponseStream } from './response-stream.js';
