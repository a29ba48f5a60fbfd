"""Draws excerpts without a label where the fast tagger is least sure. usage: draw_unsure.py ROUND SEED WEB CORPUS MULTI"""
import sys,random,json,collections,re,glob,io,zstandard,importlib.machinery,importlib.util
l=importlib.machinery.SourceFileLoader('el','/work/main/lab/expert-labels');el=importlib.util.module_from_spec(importlib.util.spec_from_loader('el',l));l.exec_module(el)
rows=el.rows; D='/work/shared/data/'; ROUND=sys.argv[1]; rng=random.Random(int(sys.argv[2])); WANT=dict(web=int(sys.argv[3]),corpus=int(sys.argv[4]),multi=int(sys.argv[5]))
devdocs=set(x.strip() for x in open(D+'expert/dev_documents.txt')); taken=collections.defaultdict(list); full=set(); gold={}
for p in ['train','train_corpus']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'):
        gold[r['id']]=dict(r,set=p)
        m=re.search(r'#\d+-\d+$',r['id'])
        if not m: full.add(r['id'])
texts_dev=set()
for p in ['dev','dev_corpus','dev_multilingual']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'): devdocs.add(r['id'].rsplit('#',1)[0]); texts_dev.add(r['text'][:200])
def take(i):
    m=re.match(r'(.*)#(\d+)-(\d+)$',i)
    if m: taken[m.group(1)].append((int(m.group(2)),int(m.group(3))))
for i in gold: take(i)
for n in ('web','corpus','multi'):
    for x in open(f'/work/main/lab/expert_labels/{n}.jsonl'): take(json.loads(x)['id'])
for f in glob.glob('/work/ann/in/*.jsonl'):
    for x in open(f):
        r=json.loads(x)
        if not r.get('hidden'): take(r['id'])
def words(s): return len(s.split())+len(re.findall(r'[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]',s))//2
def scores(n):
    out={}
    for f in glob.glob(f'/work/ml/unsure/{n}/programs/*'):
        for x in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(open(f,'rb'),read_across_frames=True),'utf-8'):
            r=json.loads(x); out[r['id']]=r.get('scores') or []
    return out
C=dict(web=[],corpus=[],multi=[])
for path in 'human/wcxb human/dragnet human/cleaneval human/l3s_gn1 human/fundus corpus/cc_pages corpus/autopager corpus/dclm_labelled corpus/c4_snippets corpus/wikidata_refs corpus/fakenews_sample corpus/ccnet_misc corpus/trafilatura_pages human/turku_lines human/daniel'.split():
    S=scores(path.split('/')[1])
    for r in rows(D+path+'.jsonl.zst'):
        if r['id'] in devdocs or r['id'] in full or r['text'][:200] in texts_dev or r['id'] not in S: continue
        kind='multi' if r.get('lang') not in('en',None) or path.endswith('daniel') else 'corpus' if path.startswith('corpus') and path.split('/')[1] not in('autopager','cc_pages') else 'web'
        L=r['text'].split('\n'); L=L[:-1] if r['text'].endswith('\n') else L
        sc=S[r['id']]
        if len(sc)<len(L): continue
        n=[words(x) for x in L]; v=[len(re.sub(r'\s','',x)) for x in L]
        u=[min(s,1000-s)/1000*c if 100<s<900 else 0 for s,c in zip(sc,v)]
        busy=[False]*len(L)
        for a,b in taken.get(r['id'],[]):
            for i in range(a,min(b,len(L))): busy[i]=True
        best=[];limit=rng.choice([250,400,600]); i=0
        while i<len(L):
            if busy[i]: i+=1; continue
            b=i;w=0
            while b<len(L) and not busy[b] and w+n[b]<=limit and b-i<150: w+=n[b]; b+=1
            if b==i: b=i+1
            uu=sum(u[i:b]); best.append((uu/(150+sum(v[i:b]))*min(1,w/60),uu,i,b)); i=max(i+1,(i+b)//2)
        best.sort(reverse=True); got=[]
        for q,uu,a,b in best:
            if len(got)>=2 or uu<60: break
            if all(b<=x or a>=y for x,y in got) and sum(v[a:b])<8000:
                got.append((a,b)); C[kind].append((q,dict(id=f"{r['id']}#{a}-{b}",source=r['source'],lang=r.get('lang'),page_type=r.get('page_type'),whole=a==0 and b==len(L),text='\n'.join(L[a:b])+('\n' if b<len(L) else ''))))
names=[]
for kind in C:
    C[kind].sort(key=lambda x:-x[0]); P=[d for q,d in C[kind][:WANT[kind]]]; print(kind,len(C[kind]),[round(q,3) for q,_ in C[kind][:WANT[kind]]][::max(1,WANT[kind]//6)],collections.Counter(d['source'] for d in P)); rng.shuffle(P)
    batch=[];size=0;k=0
    hidden=[g for g in gold.values() if g['set']==('train_corpus' if kind=='corpus' else 'train')]; rng.shuffle(hidden)
    def flush():
        global batch,size,k
        if not batch: return
        docs=list(batch)
        if kind!='multi' and k%3==0: docs.insert(rng.randrange(len(docs)+1),dict(hidden[k%len(hidden)],hidden=True))
        k+=1; f=f'{kind}{ROUND}{k:03d}'; names.append(f)
        with open(f'/work/ann/in/{f}.jsonl','w') as o:
            for d in docs: o.write(json.dumps({x:d.get(x) for x in ('id','source','lang','page_type','whole','text','hidden')},ensure_ascii=False)+'\n')
        with open(f'/work/ann/in/{f}.txt','w') as o:
            for i,d in enumerate(docs,1):
                L=d['text'].split('\n'); L=L[:-1] if d['text'].endswith('\n') else L
                o.write(f"=== DOC {i}{' (excerpt of a longer page)' if not d['whole'] else ''}\n"); [o.write(f"{j}\t{x}\n") for j,x in enumerate(L,1)]
        batch=[];size=0
    for s in P:
        batch.append(s); size+=len(s['text'])
        if size>22000 or len(batch)>=20: flush()
    flush()
json.dump({i:g['deletions'] for i,g in gold.items()},open('/tmp/gold.json','w')); print(len(names))
rng.shuffle(names); json.dump(names,open(f'/work/ann/names{ROUND}.json','w'))
